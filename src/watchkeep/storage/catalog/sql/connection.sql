-- act_as --
-- Names the acting subject until the transaction ends; defaults and triggers read it.
select set_config('watchkeep.subject', %(subject)s, true);

-- ping --
-- Answers if the connection still leads to a server.
select 1;
