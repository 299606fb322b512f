import {
  AuthUserAddResponse,
  AuthUserChangePasswordResponse,
  AuthUserDeleteResponse,
  AuthUserGetResponse,
  AuthUserGrantRoleResponse,
  AuthUserListResponse,
  AuthUserRevokeRoleResponse,
} from '../../../wire/index.js';
import { CtlCommand } from '../command.js';
import { badArgs } from '../exit.js';
import { messageToGoJson } from '../go/json.js';
import { action, type Run } from '../run.js';
import { readLines } from '../stdin.js';

interface AddOptions {
  readonly password?: boolean;
  readonly newUserPassword: string;
}

/** `user add | delete | get | list | passwd | grant-role | revoke-role`. */
export function userCommand(): CtlCommand {
  const user = new CtlCommand('user').description('users');
  user
    .command('add')
    .description('add a user: NAME:PASSWORD, or NAME with the password as a line of stdin')
    .argument('[name...]')
    .option('--no-password', 'known by certificates alone')
    .option('--new-user-password <password>', 'the password', '')
    .option('--interactive [bool]', 'accepted: the password is a line of stdin either way')
    .action(action((run, args, command) => add(run, args, command.opts<AddOptions>())));
  user.command('delete').description('delete a user').argument('[name...]').action(action(remove));
  user.command('get').description('the roles of a user').argument('[name...]').action(action(get));
  user.command('list').description('all users').argument('[none...]').action(action(list));
  user
    .command('passwd')
    .description('change a password, which is a line of stdin')
    .argument('[name...]')
    .option('--interactive [bool]', 'accepted: the password is a line of stdin either way')
    .action(action(changePassword));
  user
    .command('grant-role')
    .description('give a user a role')
    .argument('[user-and-role...]')
    .action(action(grantRole));
  user
    .command('revoke-role')
    .description('take a role from a user')
    .argument('[user-and-role...]')
    .action(action(revokeRole));
  return user;
}

async function add(run: Run, args: readonly string[], options: AddOptions): Promise<void> {
  const given = one('user add command requires user name as its argument', args);
  const colon = given.indexOf(':');
  const [name, inName] =
    colon < 0 ? [given, null] : [given.slice(0, colon), given.slice(colon + 1)];
  let password: string | null = null;
  if (options.password !== false) {
    password = inName ?? (options.newUserPassword || (await passwordLine()));
  }
  const response = await run.client().auth.addUser(name, password);
  run.print('auth', {
    json: messageToGoJson(AuthUserAddResponse, response),
    text: `User ${name} created\n`,
  });
}

async function remove(run: Run, args: readonly string[]): Promise<void> {
  const name = one('user delete command requires user name as its argument', args);
  const response = await run.client().auth.deleteUser(name);
  run.print('auth', {
    json: messageToGoJson(AuthUserDeleteResponse, response),
    text: `User ${name} deleted\n`,
  });
}

async function get(run: Run, args: readonly string[]): Promise<void> {
  const name = one('user get command requires user name as its argument', args);
  const response = await run.client().auth.user(name);
  const roles = response.roles.map((role) => ` ${role}`).join('');
  const text = `User: ${name}\nRoles:${roles}\n`;
  run.print('auth', { json: messageToGoJson(AuthUserGetResponse, response), text });
}

async function list(run: Run, args: readonly string[]): Promise<void> {
  if (args.length > 0) throw badArgs('user list command requires no arguments');
  const response = await run.client().auth.users();
  const text = response.users.map((name) => `${name}\n`).join('');
  run.print('auth', { json: messageToGoJson(AuthUserListResponse, response), text });
}

async function changePassword(run: Run, args: readonly string[]): Promise<void> {
  const name = one('user passwd command requires user name as its argument', args);
  const response = await run.client().auth.changePassword(name, await passwordLine());
  run.print('auth', {
    json: messageToGoJson(AuthUserChangePasswordResponse, response),
    text: 'Password updated\n',
  });
}

async function grantRole(run: Run, args: readonly string[]): Promise<void> {
  const [user, role] = two(
    'user grant command requires user name and role name as its argument',
    args,
  );
  const response = await run.client().auth.grantRole(user, role);
  const text = `Role ${role} is granted to user ${user}\n`;
  run.print('auth', { json: messageToGoJson(AuthUserGrantRoleResponse, response), text });
}

async function revokeRole(run: Run, args: readonly string[]): Promise<void> {
  const what = 'user revoke-role requires user name and role name as its argument';
  const [user, role] = two(what, args);
  const response = await run.client().auth.revokeRole(user, role);
  const text = `Role ${role} is revoked from user ${user}\n`;
  run.print('auth', { json: messageToGoJson(AuthUserRevokeRoleResponse, response), text });
}

function one(what: string, args: readonly string[]): string {
  const [name] = args;
  if (name === undefined || args.length !== 1) throw badArgs(what);
  return name;
}

function two(what: string, args: readonly string[]): readonly [string, string] {
  const [first, second] = args;
  if (first === undefined || second === undefined || args.length !== 2) throw badArgs(what);
  return [first, second];
}

async function passwordLine(): Promise<string> {
  for await (const line of readLines()) return line;
  throw badArgs('no password: give it as a line of stdin');
}
