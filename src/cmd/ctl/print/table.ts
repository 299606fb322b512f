import { formatGoDuration } from '../../../base/go-duration.js';
import type { Printer } from './printer.js';
import {
  memberHeadings,
  memberRow,
  snapshotHeadings,
  snapshotRow,
  statusHeadings,
  statusRow,
} from './rows.js';
import { layoutTable } from './table-layout.js';

/** Tables, for the answers that are lists. */
export const tablePrinter: Printer = {
  memberList: ({ members }) => layoutTable(memberHeadings, members.map(memberRow)),
  endpointStatus: (answers) => layoutTable(statusHeadings, answers.map(statusRow)),
  endpointHashKv: (answers) =>
    layoutTable(
      ['endpoint', 'hash'],
      answers.map(({ endpoint, response }) => [endpoint, String(response.hash)]),
    ),
  endpointHealth: (answers) =>
    layoutTable(
      ['endpoint', 'health', 'took', 'error'],
      answers.map(({ endpoint, isHealthy, tookMs, error }) => [
        endpoint,
        String(isHealthy),
        formatGoDuration(tookMs),
        error,
      ]),
    ),
  snapshotStatus: (status) => layoutTable(snapshotHeadings, [snapshotRow(status)]),
};
