import type { KubeObject } from '../../machinery/object.js';
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '../gen/rbac-v1.js';
import type { KindDefinition, KindRules } from '../kind-definition.js';
import {
  type Binding,
  rbacGroup,
  setBindingDefaults,
  validateBinding,
  validateBindingUpdate,
} from './bindings.js';
import { validateClusterRole, validateRole } from './roles.js';
import { bindingTable } from './table.js';

function rbacKind<T extends KubeObject>(kind: string, rules: KindRules<T>): KindDefinition {
  const definition: KindDefinition<T> = {
    ...rules,
    of: { group: rbacGroup, version: 'v1', kind },
    nameRule: 'path-segment',
    allowsCreateOnUpdate: true,
    countsGeneration: false,
  };
  return definition as unknown as KindDefinition;
}

function bindingRules(options: {
  readonly roleKinds: readonly string[];
  readonly isNamespaced: boolean;
}): KindRules<Binding> {
  return {
    setDefaults: setBindingDefaults,
    validateCreate: (binding) => validateBinding(binding, options),
    validateUpdate: (binding, old) => [
      ...validateBinding(binding, options),
      ...validateBindingUpdate(binding, old),
    ],
    table: bindingTable,
  };
}

/** The kinds of rbac.authorization.k8s.io/v1 with their rules. */
export const kinds: readonly KindDefinition[] = [
  rbacKind<Role>('Role', { validateCreate: validateRole, validateUpdate: validateRole }),
  rbacKind<ClusterRole>('ClusterRole', {
    validateCreate: validateClusterRole,
    validateUpdate: validateClusterRole,
  }),
  rbacKind<RoleBinding>(
    'RoleBinding',
    bindingRules({ roleKinds: ['Role', 'ClusterRole'], isNamespaced: true }),
  ),
  rbacKind<ClusterRoleBinding>(
    'ClusterRoleBinding',
    bindingRules({ roleKinds: ['ClusterRole'], isNamespaced: false }),
  ),
];
