import { usedFlags } from '../program/flag-rows.js';
import type { Flag } from '../program/flags.js';

/** Flags of `flotilla front`. */
export const frontFlags: readonly Flag[] = usedFlags([
  ['listen', 'list', '127.0.0.1:6443', 'Where to take connections, as ADDRESS:PORT.'],
  ['servers', 'list', '', 'API servers that they are passed on to, as ADDRESS:PORT.'],
  [
    'certificate-authority',
    'string',
    '',
    'Who signs their certificates (PEM file), for /readyz (default: any certificate is taken).',
  ],
  ['log-level', 'string', 'info', 'debug, info, warn or error.'],
  ['logging-format', 'string', 'json', 'json or text.'],
  ['v', 'string', '', 'Verbosity: 4 and more log at level debug.'],
]);
