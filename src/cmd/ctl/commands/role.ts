import { prefixEnd, toBytes, toText } from '../../../client/index.js';
import { type Permission, PermissionType } from '../../../wire/gen/authpb.js';
import {
  AuthRoleAddResponse,
  AuthRoleDeleteResponse,
  AuthRoleGetResponse,
  AuthRoleGrantPermissionResponse,
  AuthRoleListResponse,
  AuthRoleRevokePermissionResponse,
} from '../../../wire/index.js';
import { CtlCommand } from '../command.js';
import { badArgs } from '../exit.js';
import { messageToGoJson } from '../go/json.js';
import { action, type Run } from '../run.js';

interface RangeOptions {
  readonly prefix?: boolean | string;
  readonly fromKey?: boolean | string;
}

const noEnd = '\0';

/** `role add | delete | get | list | grant-permission | revoke-permission`. */
export function roleCommand(): CtlCommand {
  const role = new CtlCommand('role').description('roles, and what they allow');
  role.command('add').description('add a role').argument('[name...]').action(action(add));
  role.command('delete').description('delete a role').argument('[name...]').action(action(remove));
  role.command('get').description('what a role allows').argument('[name...]').action(action(get));
  role.command('list').description('all roles').argument('[none...]').action(action(list));
  for (const [name, description, body] of [
    ['grant-permission', 'allow something: ROLE read|write|readwrite KEY [END]', grant],
    ['revoke-permission', 'allow it no more: ROLE KEY [END]', revoke],
  ] as const) {
    role
      .command(name)
      .description(description)
      .argument('[what...]')
      .option('--prefix [bool]', 'all keys that begin with the key')
      .option('--from-key [bool]', 'all keys from the key on')
      .action(action((run, args, command) => body(run, args, command.opts<RangeOptions>())));
  }
  return role;
}

async function add(run: Run, args: readonly string[]): Promise<void> {
  const name = one('role add command requires role name as its argument', args);
  const response = await run.client().auth.addRole(name);
  run.print('auth', {
    json: messageToGoJson(AuthRoleAddResponse, response),
    text: `Role ${name} created\n`,
  });
}

async function remove(run: Run, args: readonly string[]): Promise<void> {
  const name = one('role delete command requires role name as its argument', args);
  const response = await run.client().auth.deleteRole(name);
  run.print('auth', {
    json: messageToGoJson(AuthRoleDeleteResponse, response),
    text: `Role ${name} deleted\n`,
  });
}

async function get(run: Run, args: readonly string[]): Promise<void> {
  const name = one('role get command requires role name as its argument', args);
  const response = await run.client().auth.role(name);
  const linesOf = (other: Permission['permType']) =>
    response.perm
      .filter(({ permType }) => permType === other || permType === PermissionType.READWRITE)
      .map((perm) => `\t${permissionText(perm)}\n`)
      .join('');
  const { READ, WRITE } = PermissionType;
  const text = `Role ${name}\nKV Read:\n${linesOf(READ)}KV Write:\n${linesOf(WRITE)}`;
  run.print('auth', { json: messageToGoJson(AuthRoleGetResponse, response), text });
}

async function list(run: Run, args: readonly string[]): Promise<void> {
  if (args.length > 0) throw badArgs('role list command requires no arguments');
  const response = await run.client().auth.roles();
  const text = response.roles.map((name) => `${name}\n`).join('');
  run.print('auth', { json: messageToGoJson(AuthRoleListResponse, response), text });
}

async function grant(run: Run, args: readonly string[], options: RangeOptions): Promise<void> {
  const [name, access, ...keys] = args;
  if (name === undefined || access === undefined || keys.length === 0) {
    const wanted = 'role name, permission type, and key [endkey] as its argument';
    throw badArgs(`role grant command requires ${wanted}`);
  }
  const known = (['read', 'write', 'readwrite'] as const).find(
    (each) => each === access.toLowerCase(),
  );
  if (known === undefined) throw badArgs('invalid permission type');
  const response = await run.client().auth.grantPermission(name, known, targetOf(keys, options));
  run.print('auth', {
    json: messageToGoJson(AuthRoleGrantPermissionResponse, response),
    text: `Role ${name} updated\n`,
  });
}

async function revoke(run: Run, args: readonly string[], options: RangeOptions): Promise<void> {
  const [name, ...keys] = args;
  if (name === undefined || keys.length === 0) {
    throw badArgs(
      'role revoke-permission command requires role name and key [endkey] as its argument',
    );
  }
  const { key, rangeEnd } = targetOf(keys, options);
  const response = await run.client().auth.revokePermission(name, { key, rangeEnd });
  const what = rangeEnd.length === 0 ? `key ${key}` : `range ${rangeText(key, rangeEnd)}`;
  const text = `Permission of ${what} is revoked from role ${name}\n`;
  run.print('auth', { json: messageToGoJson(AuthRoleRevokePermissionResponse, response), text });
}

function targetOf(
  [key = '', end = '', ...more]: readonly string[],
  { prefix, fromKey }: RangeOptions,
): { readonly key: string; readonly rangeEnd: Uint8Array } {
  const isPrefix = isOn(prefix);
  const isFrom = isOn(fromKey);
  if (isPrefix && isFrom) throw badArgs('--from-key and --prefix flags are mutually exclusive');
  if (more.length > 0 || (end !== '' && (isPrefix || isFrom))) {
    throw badArgs('unexpected endkey argument with --prefix or --from-key flag');
  }
  if (!isPrefix && !isFrom) return { key, rangeEnd: toBytes(end) };
  if (key === '' || isFrom) return { key: key === '' ? noEnd : key, rangeEnd: toBytes(noEnd) };
  return { key, rangeEnd: prefixEnd(toBytes(key)) };
}

function isOn(option: boolean | string | undefined): boolean {
  return option === true || option === 'true';
}

function permissionText({ key, rangeEnd }: Permission): string {
  const begin = toText(key);
  if (rangeEnd.length === 0) return begin;
  const isPrefix = key.length > 0 && Buffer.compare(prefixEnd(key), rangeEnd) === 0;
  return `${rangeText(begin, rangeEnd)}${isPrefix ? ` (prefix ${begin})` : ''}`;
}

/** The bracket that is not closed is etcdctl's. */
function rangeText(key: string, rangeEnd: Uint8Array): string {
  const end = toText(rangeEnd);
  return end === noEnd ? `[${key}, <open ended>` : `[${key}, ${end})`;
}

function one(what: string, args: readonly string[]): string {
  const [name] = args;
  if (name === undefined || args.length !== 1) throw badArgs(what);
  return name;
}
