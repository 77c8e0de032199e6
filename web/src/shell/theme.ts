export type Theme = "system" | "dark" | "light";

const KEY = "watchkeep-theme";

export function storedTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "dark" || stored === "light" ? stored : "system";
}

/** Follows the system unless told otherwise; remembered in this browser only. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset.theme = theme;
  }
  // What is painted by script (the timeline) reads its colours anew.
  window.dispatchEvent(new Event("themechange"));
}
