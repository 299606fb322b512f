import type { AggregatedVersion } from '../../api/discovery/aggregated.js';
import type { Discovery } from '../../api/discovery/discovery.js';
import type { JsonObject } from '../../machinery/json.js';
import type { Exchange } from '../exchange.js';
import { encodeJson } from '../negotiation/json-text.js';
import { mediaTypes, negotiateOutput } from '../negotiation/output-format.js';
import { sendParts } from '../negotiation/send-bytes.js';
import { sendJson } from './document-routes.js';
import type { PlainRoutes } from './plain-routes.js';

const aggregatedVersions: readonly string[] = ['v2', 'v2beta1'];

/** Serves what there is: `/api`, `/apis` and what is below them, in the old form and in the one of a single document. */
export function addDiscoveryRoutes(
  routes: PlainRoutes,
  discovery: Discovery,
  serverAddress: string,
): void {
  const legacyVersions = {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
  routes.exact('/api', (exchange) => sendRoot(exchange, discovery, '/api', () => legacyVersions));
  routes.exact('/apis', (exchange) =>
    sendRoot(exchange, discovery, '/apis', () => discovery.groupList()),
  );
  routes.below('/api', async (exchange) => sendBelow(exchange, discovery));
  routes.below('/apis', async (exchange) => sendBelow(exchange, discovery));
}

async function sendRoot(
  exchange: Exchange,
  discovery: Discovery,
  root: '/api' | '/apis',
  legacy: () => object,
): Promise<void> {
  const { as } = negotiateOutput(exchange.header('accept'), {
    serializations: ['json', 'yaml'],
    allowsTransform: ({ group, version, kind }) =>
      group === 'apidiscovery.k8s.io' &&
      kind === 'APIGroupDiscoveryList' &&
      aggregatedVersions.includes(version),
  });
  exchange.setHeader('vary', 'Accept');
  if (as === null) {
    sendJson(exchange, legacy() as JsonObject);
    return;
  }
  const version = as.version as AggregatedVersion;
  const { document, etag } = discovery.aggregated(root, version);
  exchange.setHeader('etag', `"${etag}"`);
  if (exchange.header('if-none-match') === `"${etag}"`) {
    exchange.start(304, {});
    exchange.end();
    return;
  }
  const type = `${mediaTypes.json};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  await sendParts(exchange, 200, type, [encodeJson(document, false)]);
}

/** `/api/v1`, `/apis/GROUP` and `/apis/GROUP/VERSION`. */
function sendBelow(exchange: Exchange, discovery: Discovery): void {
  const document = documentAt(
    discovery,
    exchange.info.path.split('/').filter((part) => part !== ''),
  );
  if (document === undefined) exchange.sendText(404, '404 page not found\n');
  else sendJson(exchange, document as JsonObject);
}

function documentAt(discovery: Discovery, parts: readonly string[]): object | undefined {
  const [root, first = '', second = ''] = parts;
  if (root === 'api') return parts.length === 2 ? discovery.resourceList('', first) : undefined;
  if (parts.length === 2) return discovery.group(first);
  return parts.length === 3 ? discovery.resourceList(first, second) : undefined;
}
