import type { KindDefinition } from '../kind-definition.js';
import { podDisruptionBudgetKind } from './pod-disruption-budget.js';

/** The rules of the kinds of policy/v1. */
export const kinds: readonly KindDefinition[] = [podDisruptionBudgetKind];
