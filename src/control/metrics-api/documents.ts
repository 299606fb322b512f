import { createHash } from 'node:crypto';
import type { JsonObject } from '../machinery/json.js';
import { discoveryDocuments } from './discovery.js';
import { metricsVersion } from './metrics-objects.js';
import { metricsOpenApi } from './open-api.js';

/** A document that says what is served. */
export interface ApiDocument {
  readonly content: JsonObject;
  /** Names this content: another has another. '' where nobody asks whether it is still the same. */
  readonly tag: string;
}

const made = new Map<string, ApiDocument>();

/** The document at a path; undefined when there is none. Each is made when it is first asked for. */
export function documentAt(path: string): ApiDocument | undefined {
  const known = made.get(path);
  if (known !== undefined) return known;
  const document = openApiAt(path) ?? discoveryAt(path);
  if (document !== undefined) made.set(path, document);
  return document;
}

function discoveryAt(path: string): ApiDocument | undefined {
  const content = discoveryDocuments.get(path);
  return content === undefined ? undefined : { content, tag: '' };
}

const versionPath = `/openapi/v3/apis/${metricsVersion}`;

function openApiAt(path: string): ApiDocument | undefined {
  if (path === '/openapi/v2') return tagged(metricsOpenApi(2));
  if (path === versionPath) return tagged(metricsOpenApi(3));
  if (path !== '/openapi/v3') return undefined;
  const url = `${versionPath}?hash=${tagged(metricsOpenApi(3)).tag}`;
  return tagged({ paths: { [`apis/${metricsVersion}`]: { serverRelativeURL: url } } });
}

function tagged(content: JsonObject): ApiDocument {
  const digest = createHash('sha512').update(JSON.stringify(content)).digest('hex');
  return { content, tag: digest.toUpperCase() };
}
