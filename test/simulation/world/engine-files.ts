// Where simulated disks lie in the file system's names, and which files an engine leaves there.

/** No real path begins so: everything below it is on a simulated disk. */
export const DISK_ROOT = '/simulated-disk';

export const ENGINE_FILES = {
  snapshot: /\/shard-[0-9]+-[0-9]{16}\.snapshot$/,
  epoch: /\/shard-[0-9]+\.epoch$/,
} as const;
