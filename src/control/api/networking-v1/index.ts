import type { KindDefinition } from '../kind-definition.js';
import { ingressKind } from './ingress.js';
import { ingressClassKind } from './ingress-class.js';
import { ipAddressKind } from './ip-address.js';
import { networkPolicyKind } from './network-policy.js';
import { serviceCidrKind } from './service-cidr.js';

/** The rules of the kinds of networking.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [
  ingressKind,
  ingressClassKind,
  ipAddressKind,
  networkPolicyKind,
  serviceCidrKind,
];
