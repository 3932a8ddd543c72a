// Where the database is, for command-line programs.

/** Reads DATABASE_URL; throws, naming it, when it is missing. */
export function databaseUrl(): string {
  const url = process.env['DATABASE_URL'];
  if (url === undefined || url === '') {
    throw new Error('DATABASE_URL is not set: give a postgres:// URL');
  }
  return url;
}
