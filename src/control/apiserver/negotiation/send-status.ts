import { stringify } from 'yaml';
import type { Status } from '../../machinery/status.js';
import type { Exchange } from '../exchange.js';
import { encodeJson } from './json-text.js';
import {
  mediaTypes,
  negotiateOutput,
  type OutputFormat,
  type Serialization,
} from './output-format.js';
import { wantsPretty } from './pretty.js';

const serializations: readonly Serialization[] = ['json', 'yaml'];

/** Answers a Status with its code, in a format that the client accepts, or in JSON when it accepts none that there is. */
export function sendStatus(exchange: Exchange, status: Status): void {
  const { serialization, isPretty } = formatFor(exchange);
  const seconds = status.details?.retryAfterSeconds ?? 0;
  if (seconds > 0 && isRetryCode(status.code)) exchange.setHeader('retry-after', String(seconds));
  const pretty = isPretty || wantsPretty(exchange.query, exchange.header('user-agent') ?? '');
  const body =
    serialization === 'yaml'
      ? new TextEncoder().encode(stringify(status))
      : encodeJson(status, pretty);
  exchange.send(status.code, mediaTypes[serialization], body);
}

function isRetryCode(code: number): boolean {
  return code === 429 || code >= 500;
}

function formatFor(exchange: Exchange): OutputFormat {
  try {
    return negotiateOutput(exchange.header('accept'), {
      serializations,
      allowsTransform: () => true,
    });
  } catch {
    return { serialization: 'json', as: null, isPretty: false };
  }
}
