import type { Service } from '../../api/gen/core-v1.js';
import type { Endpoint, EndpointHints } from '../../api/gen/discovery-v1.js';
import { semanticEqual } from '../../machinery/deep-equal.js';

/** For whom an endpoint is meant: for those of its zone, of its zone and node, or, without, for all. */
export type HintRule = 'zone' | 'node' | 'none';

/** What a service's `trafficDistribution` asks for. */
export function hintRuleOf({ spec }: Service): HintRule {
  switch (spec?.trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
      return 'zone';
    case 'PreferSameNode':
      return 'node';
    default:
      return 'none';
  }
}

/** The endpoints with hints by the rule; null when they have them already. Those that are not ready keep what they have, unless the rule is `none`. */
export function withHints(
  endpoints: readonly Endpoint[] | undefined,
  rule: HintRule,
): Endpoint[] | null {
  let isChanged = false;
  const hinted = (endpoints ?? []).map((endpoint) => {
    if (rule !== 'none' && endpoint.conditions?.ready !== true) return endpoint;
    const { hints, ...rest } = endpoint;
    const wanted = hintsOf(endpoint, rule);
    if (semanticEqual(hints, wanted)) return endpoint;
    isChanged = true;
    return wanted === undefined ? rest : { ...rest, hints: wanted };
  });
  return isChanged ? hinted : null;
}

function hintsOf({ zone, nodeName }: Endpoint, rule: HintRule): EndpointHints | undefined {
  if (rule === 'none') return undefined;
  const hints: EndpointHints = {};
  if (zone !== undefined) hints.forZones = [{ name: zone }];
  if (nodeName !== undefined && rule === 'node') hints.forNodes = [{ name: nodeName }];
  return hints.forZones === undefined && hints.forNodes === undefined ? undefined : hints;
}
