import type { Discovery } from '../../control/api/discovery/discovery.js';
import type { OpenApi } from '../../control/api/openapi/open-api.js';
import type { ApiServices } from '../../control/apiserver/aggregation/api-services.js';
import { issuerDocuments } from '../../control/apiserver/authentication/service-account/discovery.js';
import { addDiscoveryRoutes } from '../../control/apiserver/server/discovery-routes.js';
import { addDocumentRoutes } from '../../control/apiserver/server/document-routes.js';
import { addIssuerRoutes } from '../../control/apiserver/server/issuer-routes.js';
import { addOpenApiRoutes } from '../../control/apiserver/server/openapi-routes.js';
import { PlainRoutes } from '../../control/apiserver/server/plain-routes.js';
import { addProfileRoute } from '../../control/apiserver/server/profile-route.js';
import { versionDocument } from '../../control/apiserver/server/version.js';
import { addStoreRoutes } from '../../control/dashboard/index.js';
import type { JsonObject } from '../../control/machinery/json.js';
import { flotillaVersion } from '../version.js';
import type { ComposeInputs } from './open-objects.js';
import type { ServiceAccountKeys } from './service-account-keys.js';

/** What `/version` says. */
export function ownVersion(): JsonObject {
  const { version: nodeVersion, platform, arch } = process;
  const build = { version: flotillaVersion, nodeVersion, platform: `${platform}/${arch}` };
  return versionDocument(build);
}

/** The paths that are no resources. */
export async function openRoutes(
  { flags, address, client, clock, logger }: ComposeInputs,
  {
    openApi,
    discovery,
    keys,
    apiServices,
  }: {
    readonly openApi: OpenApi;
    readonly discovery: Discovery;
    readonly keys: ServiceAccountKeys;
    readonly apiServices: ApiServices;
  },
): Promise<PlainRoutes> {
  const port = flags.number('secure-port');
  const routes = new PlainRoutes();
  addDocumentRoutes(routes, ownVersion());
  addDiscoveryRoutes(routes, discovery, `${address}:${port}`);
  addOpenApiRoutes(routes, openApi, apiServices);
  if (flags.isTrue('profiling')) addProfileRoute(routes, clock);
  addStoreRoutes(routes, { client, clock });
  const documents = await issuerDocuments({
    issuer: keys.issuers[0] ?? '',
    keySetUrl: flags.text('service-account-jwks-uri'),
    externalAddress: `${flags.text('external-hostname') || address}:${port}`,
    keys: keys.verification,
  });
  if (documents !== null) addIssuerRoutes(routes, documents);
  else logger.warn('the issuer of service account tokens is no https URL: its keys are not served');
  return routes;
}
