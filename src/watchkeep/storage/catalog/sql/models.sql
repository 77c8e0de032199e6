-- register --
-- Makes a model known; one that is known stays as it is.
insert into models (model_id, name, version, digest, metadata, created_at)
values (%(id)s, %(name)s, %(version)s, decode(%(digest)s, 'hex'), %(metadata)s, %(at)s)
on conflict do nothing;

-- names --
-- Name and version of models.
select model_id, name, version from models where model_id = any(%(models)s::uuid[]);
