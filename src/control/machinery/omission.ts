/**
 * The header of REST, and the metadata of gRPC, by which a client says what it can do without in the objects that it is answered.
 * Flotilla's API server leaves it out where that costs nothing; other servers do not know the header.
 */
export const omitHeader = 'flotilla-omit';

/** Its value: `metadata.managedFields`, which are a third of many objects and which few programs read. */
export const omitManagedFields = 'managed-fields';
