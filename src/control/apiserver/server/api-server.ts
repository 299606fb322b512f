import { setMaxListeners } from 'node:events';
import type { Clock } from '../../../base/clock.js';
import type { Logger } from '../../../base/logger.js';
import type { Prng } from '../../../base/prng.js';
import { UpgradeAnswer } from '../../../rpc/upgrade-answer.js';
import type { WebHandler, WebUpgradeHandler } from '../../../rpc/web.js';
import type { Scheme } from '../../api/scheme.js';
import type { Authorizer } from '../contracts.js';
import type { Exchange } from '../exchange.js';
import type { AuditHook } from '../filters/audit.js';
import type { RequestAuthenticator } from '../filters/authentication.js';
import { limitFairly } from '../filters/fair-limit.js';
import type { Filter } from '../filters/filter.js';
import { limitInFlight } from '../filters/max-in-flight.js';
import type { FlowControl } from '../flow-control/flow-control.js';
import { BodyDecoder } from '../handlers/decode-request.js';
import type { HandlerTools } from '../handlers/handler-tools.js';
import { ResourceRouter, type SubresourceHandler } from '../handlers/router.js';
import type { ProtobufCodec } from '../negotiation/object-codec.js';
import { createPipeline } from '../pipeline.js';
import type { EndpointTable } from '../registry/endpoint-table.js';
import { addHealthRoutes } from './health.js';
import { HealthMetrics } from './health-metrics.js';
import { listWidth } from './list-width.js';
import { ServerMetrics } from './metrics.js';
import type { PlainRoutes } from './plain-routes.js';
import { Readiness } from './readiness.js';
import { addScrapedMetrics } from './scraped-metrics.js';
import type { StepMetrics } from './step-metrics.js';

/** How much is done at a time, and for how long. */
export interface ServerLimits {
  readonly readingRequestsMax: number;
  readonly writingRequestsMax: number;
  readonly requestTimeoutMs: number;
  /** A watch lasts this to twice this long when the client does not say. */
  readonly watchSecondsMin: number;
}

/** Who decides about requests, and who is told of them. */
export interface ServerSecurity {
  readonly authenticator: RequestAuthenticator;
  readonly authorizer: Authorizer;
  readonly audit: AuditHook;
}

/** What an API server is made of. */
export interface ApiServerOptions {
  readonly scheme: Scheme;
  readonly endpoints: EndpointTable;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly logger: Logger;
  readonly newUid: () => string;
  readonly limits: ServerLimits;
  /** Who takes turns with whom; null: users do, in two bounds for all. */
  readonly flows: FlowControl | null;
  readonly protobuf: ProtobufCodec | null;
  /** What the steps of requests cost. */
  readonly steps: StepMetrics;
  readonly security: ServerSecurity;
  /** By `resource[.group]/subresource`, and resources without objects by their name. */
  readonly special: ReadonlyMap<string, SubresourceHandler>;
  /** Paths that are no resources; those of health and metrics are added. */
  readonly routes: PlainRoutes;
  /** Answers what other servers serve; false when the request is none of its. */
  readonly answerElsewhere: (exchange: Exchange) => Promise<boolean>;
}

/** An API server without its port: everything from a request to the store. Any number may run on one store. */
export class ApiServer {
  readonly metrics: ServerMetrics;
  readonly readiness = new Readiness();
  readonly handle: WebHandler;
  /** Requests for another protocol go the same way, to a handler that takes the connection over or answers. */
  readonly handleUpgrade: WebUpgradeHandler;
  readonly #endpoints: EndpointTable;
  readonly #router: ResourceRouter;
  readonly #routes: PlainRoutes;
  readonly #answerElsewhere: ApiServerOptions['answerElsewhere'];
  readonly #stopping = new AbortController();

  constructor(options: ApiServerOptions) {
    const { clock, prng, scheme, limits, protobuf, security, endpoints, special } = options;
    const metrics = new ServerMetrics(clock);
    // Every watch listens to it.
    setMaxListeners(0, this.#stopping.signal);
    this.metrics = metrics;
    addScrapedMetrics(metrics.registry, options);
    options.steps.register(metrics.registry);
    this.#endpoints = endpoints;
    const tools: HandlerTools = {
      scheme,
      protobuf,
      authorizer: security.authorizer,
      clock,
      prng: prng.fork(),
      bodies: new BodyDecoder(scheme, protobuf),
      watchSecondsMin: limits.watchSecondsMin,
      stopping: this.#stopping.signal,
      onDeprecatedRequest: (resource, subresource) =>
        metrics.onDeprecatedRequest(resource, subresource),
      onWatchEvents: (resource, count) => metrics.onWatchEvents(resource, count),
      onWatchList: (resource, scope, seconds) => metrics.onWatchList(resource, scope, seconds),
    };
    this.#router = new ResourceRouter({ endpoints, tools, special });
    this.#routes = options.routes;
    this.#answerElsewhere = options.answerElsewhere;
    const health = new HealthMetrics();
    health.register(metrics.registry);
    addHealthRoutes(this.#routes, this.readiness.groups(), (type, name, isWell) =>
      health.onCheck(type, name, isWell),
    );
    this.#routes.exact('/metrics', (exchange) => metrics.serve(exchange));
    this.handle = createPipeline({
      clock,
      logger: options.logger,
      newUid: options.newUid,
      ...security,
      observe: metrics.observe,
      limit: limitOf(options, metrics),
      requestTimeoutMs: limits.requestTimeoutMs,
      onAuthenticated: (result, username, seconds) => {
        metrics.onAuthenticated(result, username);
        options.steps.onAuthentication(result, seconds);
      },
      onAuthorized: (result, seconds) => options.steps.onAuthorization(result, seconds),
      handler: (exchange) => this.#answer(exchange),
    });
    this.handleUpgrade = (request, socket, head) => {
      this.handle(request, new UpgradeAnswer(socket, head)).catch((error: unknown) => {
        options.logger.error('an upgrade failed unexpectedly', { error: String(error) });
        socket.destroy();
      });
    };
  }

  /** Ends the watches; other requests go on. */
  endWatches(): void {
    this.#stopping.abort();
  }

  /** Ends the watches and closes what reads the store. */
  async close(): Promise<void> {
    this.endWatches();
    await this.#endpoints.close();
  }

  async #answer(exchange: Exchange): Promise<void> {
    if (exchange.info.isResourceRequest && (await this.#router.route(exchange))) return;
    if (await this.#answerElsewhere(exchange)) return;
    const plain = this.#routes.find(exchange);
    if (plain !== undefined) await plain(exchange);
    else exchange.sendText(404, '404 page not found\n');
  }
}

function limitOf(
  { flows, limits, clock, endpoints }: ApiServerOptions,
  metrics: ServerMetrics,
): Filter {
  const onChange = (kind: 'readOnly' | 'mutating', count: number) =>
    metrics.onInFlight(kind, count);
  const { requestTimeoutMs, readingRequestsMax: reading, writingRequestsMax: writing } = limits;
  return flows === null
    ? limitInFlight({ limits: { reading, writing }, clock, onChange })
    : limitFairly({ flows, clock, requestTimeoutMs, widthOf: listWidth(endpoints), onChange });
}
