/** Versions that the programs report. */

/** This project's; kept equal to package.json's by a test. */
export const flotillaVersion = '0.1.0';

/**
 * The etcd whose API is offered: what clients compare to know what they may use (from 3.5.13 on they rely on what progress answers of
 * watches say), and the one that every answer is compared with.
 */
export const etcdVersion = '3.5.30';
