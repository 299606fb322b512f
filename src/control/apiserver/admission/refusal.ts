import type { StatusError } from '../../machinery/status.js';
import { forbidden } from '../../machinery/status-errors.js';
import type { AdmissionRequest } from '../contracts.js';

/** The 403 by which a plugin refuses: `pods "x" is forbidden: text`. An object without a name yet is called by its generateName. */
export function refusal(request: AdmissionRequest, text: string): StatusError {
  const { group, resource } = request;
  return forbidden({ group, resource }, nameOf(request), text);
}

function nameOf({ name, object }: AdmissionRequest): string {
  if (name !== '') return name;
  return object?.metadata.name || object?.metadata.generateName || 'Unknown';
}

/** The text of an error that is passed on inside a refusal. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Several texts as one: alone as it is, more in brackets, each once. */
export function joinedTexts(texts: readonly string[]): string {
  const unique = [...new Set(texts)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}
