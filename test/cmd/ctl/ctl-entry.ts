import { ctlCommand } from '../../../src/cmd/ctl.js';

// The command as its own program, for tests: without the rest of bin/flotilla it starts faster.
await ctlCommand().parseAsync(process.argv.slice(2), { from: 'user' });
