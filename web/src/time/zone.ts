import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** The site's time zone, an IANA name. Every time on the page is shown in it. */
export const ZoneContext = createContext("UTC");

export const useZone = () => useContext(ZoneContext);
