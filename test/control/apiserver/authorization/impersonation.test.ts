import t from 'tap';
import { impersonatedUser } from '../../../../src/control/apiserver/authentication/impersonation.js';
import type {
  AuthorizationRequest,
  Authorizer,
} from '../../../../src/control/apiserver/contracts.js';
import { RequestFields } from '../../../../src/rpc/web.js';
import { user } from './request.js';

const admin = user('admin', 'system:masters');

function recorder(refuse = ''): { authorizer: Authorizer; asked: string[] } {
  const asked: string[] = [];
  const text = ({ verb, group, resource, subresource, namespace, name }: AuthorizationRequest) =>
    `${verb} ${group}/${resource}${subresource === '' ? '' : `/${subresource}`} ${namespace}/${name}`;
  const authorizer: Authorizer = {
    authorize(request) {
      asked.push(text(request));
      return { decision: text(request) === refuse ? 'none' : 'allow', reason: '' };
    },
  };
  return { authorizer, asked };
}

t.test('impersonatedUser asks for each part and composes the user', async (t) => {
  const { authorizer, asked } = recorder();
  const headers = new RequestFields([
    ['impersonate-user', 'jane'],
    ['impersonate-uid', '7'],
    ['impersonate-extra-acme.com%2fscope', 'view'],
  ]);
  for (const group of ['dev', ',,,a, b']) headers.add('impersonate-group', group);
  t.same(await impersonatedUser(headers, admin, authorizer), {
    name: 'jane',
    uid: '7',
    groups: ['dev', ',,,a, b', 'system:authenticated'],
    extra: { 'acme.com/scope': ['view'] },
  });
  t.same(asked, [
    'impersonate /users /jane',
    'impersonate /groups /dev',
    'impersonate /groups /,,,a, b',
    'impersonate authentication.k8s.io/userextras/acme.com/scope /view',
    'impersonate authentication.k8s.io/uids /7',
  ]);
});

t.test('impersonatedUser gives users the groups that they imply', async (t) => {
  const { authorizer } = recorder();
  const groupsOf = async (headers: Record<string, string>) =>
    (await impersonatedUser(new Map(Object.entries(headers)), admin, authorizer))?.groups;
  t.same(await groupsOf({ 'impersonate-user': 'system:serviceaccount:n:bot' }), [
    'system:serviceaccounts',
    'system:serviceaccounts:n',
    'system:authenticated',
  ]);
  t.same(
    await groupsOf({ 'impersonate-user': 'system:serviceaccount:n:bot', 'impersonate-group': 'x' }),
    ['x', 'system:authenticated'],
  );
  t.same(await groupsOf({ 'impersonate-user': 'system:anonymous' }), ['system:unauthenticated']);
  t.same(
    await groupsOf({ 'impersonate-user': 'a', 'impersonate-group': 'system:unauthenticated' }),
    ['system:unauthenticated'],
  );
  t.equal(await groupsOf({}), undefined, 'no headers, nobody else');
});

t.test('impersonatedUser refuses what is not allowed, and parts without a user', async (t) => {
  const { authorizer } = recorder('impersonate /groups /system:masters');
  const headers = new Map([
    ['impersonate-user', 'a'],
    ['impersonate-group', 'system:masters'],
  ]);
  await t.rejects(impersonatedUser(headers, user('jane'), authorizer), {
    code: 403,
    message:
      'groups "system:masters" is forbidden: User "jane" cannot impersonate resource "groups" in API group "" at the cluster scope',
  });
  await t.rejects(impersonatedUser(new Map([['impersonate-group', 'g']]), admin, authorizer), {
    code: 400,
    message: 'requested [{Group  g    }] without impersonating a user',
  });
  await t.rejects(impersonatedUser(new Map([['impersonate-uid', '1']]), admin, authorizer), {
    code: 400,
  });
});
