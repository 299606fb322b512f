import type { Registry } from 'prom-client';
import { AuditMetrics } from '../../control/apiserver/audit/audit-metrics.js';
import { CertificateLifetimes } from '../../control/apiserver/authentication/certificate-lifetimes.js';
import { TokenCacheMetrics } from '../../control/apiserver/authentication/token-cache-metrics.js';
import { NodeGraph } from '../../control/apiserver/authorization/node/node-graph.js';
import { RbacPolicy } from '../../control/apiserver/authorization/rbac/rbac-policy.js';
import type { WebClient } from '../../rpc/web-client.js';
import { openAudit } from './audit.js';
import { openAuthorization } from './authorization.js';
import { openIssuers } from './issuers.js';
import type { ComposeInputs, OpenedObjects } from './open-objects.js';
import { openAuthentication, type SecurityInputs } from './security.js';
import { openServiceAccountKeys } from './service-account-keys.js';
import { openTokens } from './token-kinds.js';

/** All that a request has to pass before it is answered. */
export type Gate = Awaited<ReturnType<typeof openGate>>;

/** Opens what says who asks, whether they may, and what is written down of it. Throws UsageError. */
export async function openGate(inputs: ComposeInputs, opened: OpenedObjects, web: WebClient) {
  const { flags, clock, logger, extraTokens } = inputs;
  const { objects, writes } = opened;
  const policy = new RbacPolicy();
  const nodes = new NodeGraph();
  const keys = await openServiceAccountKeys(flags, logger);
  const security: SecurityInputs = {
    ...{ flags, keys, clock, logger, web, objects, writes },
    ...(extraTokens === undefined ? {} : { extraTokens }),
  };
  const authorization = await openAuthorization({ flags, clock, logger, web, policy, nodes });
  const issued = await openIssuers(security);
  const cacheMetrics = new TokenCacheMetrics();
  const tokens = await openTokens(security, issued.issuers, cacheMetrics);
  const lifetimes = new CertificateLifetimes();
  const authenticator = await openAuthentication(security, tokens, {
    anonymous: issued.anonymous,
    onCertificate: (secondsLeft) => lifetimes.onRequest(secondsLeft),
  });
  const auditMetrics = new AuditMetrics();
  const audit = await openAudit({
    ...{ flags, clock, logger, web, metrics: auditMetrics },
    prng: inputs.prng.fork(),
  });
  const followed = [authorization.followed, issued.followed].filter((each) => each !== null);
  return {
    ...{ policy, nodes, keys, security, authorization, tokens, authenticator, audit },
    register(registry: Registry) {
      const { metrics: authorizationMetrics } = authorization;
      const { issuers } = issued;
      for (const part of [auditMetrics, authorizationMetrics, cacheMetrics, issuers, lifetimes])
        part.register(registry);
      for (const { metrics } of followed) metrics.register(registry, inputs.address);
    },
    /** Follows the configuration files until `signal` aborts. */
    async run(signal: AbortSignal) {
      await Promise.all(followed.map((file) => file.run(signal)));
    },
  };
}
