// `npm run dead-letters` on the embedded log.
import { describeTool } from './testing/suite.ts';

describeTool('the embedded log', (database) => database.urlFor('bourse_operator'));
