import { ClientError } from '../../../client/index.js';
import {
  AuthDisableResponse,
  AuthEnableResponse,
  AuthStatusResponse,
} from '../../../wire/index.js';
import { CtlCommand } from '../command.js';
import { badArgs } from '../exit.js';
import { messageToGoJson } from '../go/json.js';
import { action, type Run } from '../run.js';

/** `auth enable | disable | status`. */
export function authCommand(): CtlCommand {
  const auth = new CtlCommand('auth').description('whether users and roles count');
  const add = (name: string, description: string, body: (run: Run) => Promise<void>) =>
    auth
      .command(name)
      .description(description)
      .argument('[none...]')
      .action(
        action(async (run, args) => {
          if (args.length > 0) throw badArgs(`auth ${name} command does not accept any arguments`);
          await body(run);
        }),
      );
  add('enable', 'have users and roles count', enable);
  add('disable', 'have them count no more', async (run) => {
    const response = await run.client().auth.disable();
    run.print('auth', {
      json: messageToGoJson(AuthDisableResponse, response),
      text: 'Authentication Disabled\n',
    });
  });
  add('status', 'tell whether they count, and their revision', async (run) => {
    const response = await run.client().auth.status();
    const { enabled, authRevision } = response;
    const text = `Authentication Status: ${enabled}\nAuthRevision: ${authRevision}\n`;
    run.print('auth', { json: messageToGoJson(AuthStatusResponse, response), text });
  });
  return auth;
}

const rootRoleMissing = 'etcdserver: root user does not have root role';

/** As etcdctl does, it gives root the role that is lacking. */
async function enable(run: Run): Promise<void> {
  const { auth } = run.client();
  const response = await auth.enable().catch(async (error: unknown) => {
    if (!(error instanceof ClientError) || error.message !== rootRoleMissing) throw error;
    await auth.addRole('root');
    await auth.grantRole('root', 'root');
    return auth.enable();
  });
  run.print('auth', {
    json: messageToGoJson(AuthEnableResponse, response),
    text: 'Authentication Enabled\n',
  });
}
