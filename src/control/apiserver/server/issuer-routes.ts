import { type IssuerDocuments, keySetPath } from '../authentication/service-account/discovery.js';
import type { Exchange } from '../exchange.js';
import type { PlainRoutes } from './plain-routes.js';

/** How long others may keep the documents: an hour, as Kubernetes says. */
const cacheControl = 'public, max-age=3600';

/** Serves what others verify the tokens of service accounts with. */
export function addIssuerRoutes(routes: PlainRoutes, documents: IssuerDocuments): void {
  const { configuration, keySet } = documents;
  routes.exact('/.well-known/openid-configuration', async (exchange) =>
    sendDocument(exchange, 'application/json', configuration),
  );
  routes.exact(keySetPath, async (exchange) =>
    sendDocument(exchange, 'application/jwk-set+json', keySet),
  );
}

function sendDocument(exchange: Exchange, type: string, text: string): void {
  exchange.setHeader('cache-control', cacheControl);
  exchange.send(200, type, new TextEncoder().encode(text));
}
