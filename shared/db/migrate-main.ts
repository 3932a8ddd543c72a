// `npm run migrate`: brings the database named by DATABASE_URL up to date.
import { databaseUrl } from '../config/database.ts';
import { migrate, readMigrations } from './migrate.ts';
import { createPool } from './pool.ts';

const HELP = `npm run migrate

Applies the SQL files of shared/db/migrations that DATABASE_URL does not have yet, in order.
The connection must own the database and may create roles.`;

if (process.argv.includes('--help')) {
  console.log(HELP);
} else {
  const pool = createPool({
    url: databaseUrl(),
    applicationName: 'bourse-migrate',
    connectionsMax: 2,
  });
  try {
    const applied = await migrate(pool, await readMigrations(), (name) => {
      console.log(`applied ${name}`);
    });
    console.log(applied.length === 0 ? 'up to date' : `${applied.length} applied`);
  } finally {
    await pool.end();
  }
}
