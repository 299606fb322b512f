import { type FieldPath, invalidValue, required } from '../../../machinery/field-path.js';
import type { ServiceSpec } from '../../gen/core-v1.js';
import { checkOneOf, checkSupported, type FieldErrors } from '../field-checks.js';
import { checkPortNumber } from '../pod/ports.js';
import { isReachedFromOutside, needsClusterIp, needsHealthCheck } from './service-needs.js';

const policies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

/** Which endpoints traffic goes to, from outside and from within the cluster. */
export function checkTrafficPolicies(
  spec: ServiceSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkExternal(spec, path.child('externalTrafficPolicy'), errors);
  checkHealthPort(spec, path.child('healthCheckNodePort'), errors);
  const internalPath = path.child('internalTrafficPolicy');
  if (spec.internalTrafficPolicy === undefined) {
    if (needsClusterIp(spec)) errors.push(required(internalPath, ''));
  } else checkSupported(spec.internalTrafficPolicy, policies, internalPath, errors);
  checkSupported(
    spec.trafficDistribution,
    distributions,
    path.child('trafficDistribution'),
    errors,
  );
}

function checkExternal(spec: ServiceSpec, path: FieldPath, errors: FieldErrors): void {
  const policy = spec.externalTrafficPolicy;
  if (isReachedFromOutside(spec)) checkOneOf(policy, policies, path, errors);
  else if (policy) {
    errors.push(invalidValue(path, policy, 'may only be set for externally-accessible services'));
  }
}

function checkHealthPort(spec: ServiceSpec, path: FieldPath, errors: FieldErrors): void {
  const port = spec.healthCheckNodePort ?? 0;
  if (needsHealthCheck(spec)) {
    if (port === 0) errors.push(required(path, ''));
    else checkPortNumber(port, path, errors);
  } else if (port !== 0) {
    const text =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalidValue(path, port, text));
  }
}
