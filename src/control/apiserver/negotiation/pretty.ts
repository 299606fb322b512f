/**
 * Whether JSON is indented for people: `?pretty=true` says so, and without it what browsers and command-line HTTP tools
 * call themselves.
 */
export function wantsPretty(query: URLSearchParams, userAgent: string): boolean {
  const asked = query.get('pretty') ?? '';
  if (asked !== '') return /^(1|t|true)$/i.test(asked);
  return /^(curl|Wget|Mozilla\/5\.0)/.test(userAgent);
}
