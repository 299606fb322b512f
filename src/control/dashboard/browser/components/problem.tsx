import type { ApiError } from '../api.js';

/** Says what went wrong, in the server's words; nothing without a problem. */
export function Problem({ problem }: { readonly problem: ApiError | null }) {
  if (problem === null) return null;
  return (
    <div class={`problem ${problem.code === 403 ? 'forbidden' : ''}`} role="alert">
      <strong>{titleOf(problem)}</strong> <span>{problem.message}</span>
    </div>
  );
}

function titleOf({ code, reason }: ApiError): string {
  switch (code) {
    case 0:
      return 'Not reached:';
    case 401:
      return 'Not logged in:';
    case 403:
      return 'Forbidden:';
    case 404:
      return 'Not found:';
    case 409:
      return 'Conflict:';
    default:
      return `${reason === '' ? 'Failed' : reason} (${code}):`;
  }
}
