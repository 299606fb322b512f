import { etcdVersion, flotillaVersion } from '../../version.js';
import { CtlCommand } from '../command.js';
import { action } from '../run.js';

/** `version`. */
export function versionCommand(): CtlCommand {
  return new CtlCommand('version').description('print versions').action(
    action(async (run) => {
      run.write(`flotilla ctl version: ${flotillaVersion}\nAPI version: ${etcdVersion}\n`);
    }),
  ) as CtlCommand;
}
