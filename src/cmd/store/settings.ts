import { join } from 'node:path';
import { parseInitialCluster } from '../../store/index.js';
import { UsageError } from '../usage-error.js';
import { storeFlags } from './flags.js';
import { type ParsedFlags, parseDurationMs } from './parse.js';
