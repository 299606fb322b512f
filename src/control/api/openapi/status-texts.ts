const texts: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  401: 'Unauthorized',
};

/** What HTTP calls a status. */
export function statusText(code: number): string {
  return texts[code] ?? '';
}
