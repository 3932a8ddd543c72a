// `npm run audit:verify`: is the audit log what was written? It only reads.
import { getVariable } from '../config/environment.ts';
import { createPool } from '../db/pool.ts';
import { runOperatorTool } from '../operator/operator.ts';
import { readAnchorPublicKey } from './anchor.ts';
import { readAnchors } from './anchor-files.ts';
import { formatFinding } from './finding.ts';
import { readVerifyOptions, USAGE } from './verify-options.ts';
import { verifyAudit, type Report } from './verify.ts';

const EXIT_BAD = 1;

async function main(args: readonly string[]): Promise<void> {
  const options = readVerifyOptions(args);
  if (options === null) {
    console.log(USAGE);
    return;
  }
  const { anchorsDir, publicKeyFiles, json } = options;
  const anchors =
    anchorsDir === null
      ? null
      : { stored: readAnchors(anchorsDir), keys: publicKeyFiles.map(readAnchorPublicKey) };
  const url = getVariable('DATABASE_URL');
  const pool = createPool({ url, applicationName: 'bourse-audit-verify', connectionsMax: 1 });
  try {
    const report = await verifyAudit(pool, anchors);
    if (json) console.log(JSON.stringify(report));
    else for (const line of reportLines(report, anchors !== null)) console.log(line);
    if (report.findings.length > 0) process.exitCode = EXIT_BAD;
  } finally {
    await pool.end();
  }
}

function reportLines(report: Report, hasAnchors: boolean): string[] {
  return [
    ...report.streams.map(({ stream, records }) => `${stream}  ${records} records`),
    hasAnchors
      ? `${report.anchors} anchors`
      : 'without anchors: a tail that was cut, head and all, would not be seen',
    ...report.findings.map((finding) => `BAD  ${formatFinding(finding)}`),
    report.findings.length === 0 ? 'sound' : `${report.findings.length} findings`,
  ];
}

await runOperatorTool(main, {}, (line) => console.error(line));
