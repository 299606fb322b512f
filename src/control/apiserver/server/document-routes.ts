import type { JsonObject } from '../../machinery/json.js';
import type { Exchange } from '../exchange.js';
import { encodeJson } from '../negotiation/json-text.js';
import { mediaTypes } from '../negotiation/output-format.js';
import { wantsPretty } from '../negotiation/pretty.js';
import type { PlainRoutes } from './plain-routes.js';

/** Serves `/version` and `/`, which lists all paths. */
export function addDocumentRoutes(routes: PlainRoutes, version: JsonObject): void {
  routes.exact('/version', async (exchange) => {
    exchange.send(200, mediaTypes.json, encodeJson(version, true));
  });
  routes.exact('/', async (exchange) => sendJson(exchange, { paths: routes.paths() }));
}

/** Answers a document in JSON, indented when people ask. */
export function sendJson(exchange: Exchange, document: JsonObject): void {
  const isPretty = wantsPretty(exchange.query, exchange.header('user-agent') ?? '');
  exchange.send(200, mediaTypes.json, encodeJson(document, isPretty));
}
