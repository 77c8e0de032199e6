/** "view_live" becomes "view live": words of the interface that need no translation of their own. */
export const spoken = (word: string) => word.replaceAll("_", " ");

/** The same with a capital. */
export const titled = (word: string) => {
  const text = spoken(word);
  return text.charAt(0).toUpperCase() + text.slice(1);
};
