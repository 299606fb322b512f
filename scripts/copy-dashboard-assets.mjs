// Puts the dashboard's stylesheets and its icon beside its compiled modules, below the folder that the argument names.
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';

const assets = 'src/control/dashboard/assets';
const root = resolve(import.meta.dirname, '..');
cpSync(join(root, assets), resolve(process.argv[2] ?? 'dist', assets), { recursive: true });
