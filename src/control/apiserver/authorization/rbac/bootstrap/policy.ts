import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
} from '../../../../api/gen/rbac-v1.js';
import { wellKnown } from '../../../authentication/user-info.js';
import { clusterRoles } from './cluster-roles.js';
import { controllerNames, controllerRoleName, controllerRoles } from './controller-roles.js';
import {
  accountSubject,
  clusterRoleBinding,
  eventsRule,
  groupSubject,
  namespacedRole,
  roleBinding,
  rule,
  userSubject,
} from './role-builder.js';

const system = 'kube-system';
const { authenticatedGroup, unauthenticatedGroup } = wellKnown;

const controllerManager = userSubject('system:kube-controller-manager');
const scheduler = userSubject('system:kube-scheduler');

/** All default cluster roles of Kubernetes 1.36. */
export const bootstrapClusterRoles: readonly ClusterRole[] = [...clusterRoles, ...controllerRoles];

/** Who has them. */
export const bootstrapClusterRoleBindings: readonly ClusterRoleBinding[] = [
  clusterRoleBinding('cluster-admin', [groupSubject(wellKnown.mastersGroup)]),
  clusterRoleBinding('system:monitoring', [groupSubject(wellKnown.monitoringGroup)]),
  clusterRoleBinding('system:discovery', [groupSubject(authenticatedGroup)]),
  clusterRoleBinding('system:basic-user', [groupSubject(authenticatedGroup)]),
  clusterRoleBinding('system:public-info-viewer', [
    groupSubject(authenticatedGroup),
    groupSubject(unauthenticatedGroup),
  ]),
  clusterRoleBinding('system:node-proxier', [userSubject('system:kube-proxy')]),
  clusterRoleBinding('system:kube-controller-manager', [controllerManager]),
  clusterRoleBinding('system:kube-dns', [accountSubject(system, 'kube-dns')]),
  clusterRoleBinding('system:kube-scheduler', [scheduler]),
  clusterRoleBinding('system:volume-scheduler', [scheduler]),
  // Nodes are let in by the Node authorizer; the binding stays, for nobody.
  clusterRoleBinding('system:node', []),
  clusterRoleBinding('system:service-account-issuer-discovery', [
    groupSubject(wellKnown.serviceAccountsGroup),
  ]),
  ...controllerNames.map((name) =>
    clusterRoleBinding(controllerRoleName(name), [accountSubject(system, name)]),
  ),
];

const signer = 'system:controller:bootstrap-signer';
const cloudProvider = 'system:controller:cloud-provider';
const tokenCleaner = 'system:controller:token-cleaner';
const authenticationReader = 'extension-apiserver-authentication-reader';
const leaderLocking = (component: string) => `system::leader-locking-${component}`;

const leaderLockingRules = (component: string) => [
  rule('watch', 'core', 'configmaps'),
  rule('get,update', 'core', 'configmaps', component),
];

/** Default roles inside namespaces. */
export const bootstrapRoles: readonly Role[] = [
  namespacedRole(system, authenticationReader, [
    rule('read', 'core', 'configmaps', 'extension-apiserver-authentication'),
  ]),
  namespacedRole(system, signer, [rule('read', 'core', 'secrets')]),
  namespacedRole(system, cloudProvider, [rule('create,read', 'core', 'configmaps')]),
  namespacedRole(system, tokenCleaner, [rule('read,delete', 'core', 'secrets'), eventsRule]),
  namespacedRole(
    system,
    leaderLocking('kube-controller-manager'),
    leaderLockingRules('kube-controller-manager'),
  ),
  namespacedRole(system, leaderLocking('kube-scheduler'), leaderLockingRules('kube-scheduler')),
  namespacedRole('kube-public', signer, [
    rule('read', 'core', 'configmaps'),
    rule('update', 'core', 'configmaps', 'cluster-info'),
    eventsRule,
  ]),
];

/** Who has those. */
export const bootstrapRoleBindings: readonly RoleBinding[] = [
  roleBinding(
    system,
    'system::extension-apiserver-authentication-reader',
    [controllerManager, scheduler],
    authenticationReader,
  ),
  roleBinding(system, leaderLocking('kube-controller-manager'), [
    controllerManager,
    accountSubject(system, 'kube-controller-manager'),
  ]),
  roleBinding(system, leaderLocking('kube-scheduler'), [
    scheduler,
    accountSubject(system, 'kube-scheduler'),
  ]),
  roleBinding(system, signer, [accountSubject(system, 'bootstrap-signer')]),
  roleBinding(system, cloudProvider, [accountSubject(system, 'cloud-provider')]),
  roleBinding(system, tokenCleaner, [accountSubject(system, 'token-cleaner')]),
  roleBinding('kube-public', signer, [accountSubject(system, 'bootstrap-signer')]),
];
