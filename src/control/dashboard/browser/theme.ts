const themeKey = 'flotilla.theme';

/** What the page looks like; `auto` is as the system does. */
export type Theme = 'auto' | 'light' | 'dark';

/** What was chosen last. */
export function storedTheme(): Theme {
  const text = localStorage.getItem(themeKey);
  return text === 'light' || text === 'dark' ? text : 'auto';
}

/** Keeps a choice and applies it. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(themeKey, theme);
  applyTheme();
}

/** Makes the page look as was chosen last. */
export function applyTheme(): void {
  const theme = storedTheme();
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
