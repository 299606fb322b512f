import type { KindDefinition } from '../kind-definition.js';
import { endpointSliceKind } from './endpoint-slice.js';

/** The rules of the kinds of discovery.k8s.io/v1. */
export const kinds: readonly KindDefinition[] = [endpointSliceKind];
