// The inspector: one plain page with what runs, what lags and what was delivered. No assets, no
// framework; everything that came from outside is escaped.
import type { Delivery } from '../eventing/delivery-log.ts';
import type { EmulatorState } from '../state.ts';

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export function inspectorPage(
  state: EmulatorState,
  deliveries: readonly Delivery[],
  query: Readonly<Record<string, string>>,
): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bourse emulator</title>
<style>${STYLE}</style></head>
<body>
<h1>Bourse emulator</h1>
<p>Public <code>${escapeHtml(state.publicUrl)}</code> · staff <code>${escapeHtml(state.adminUrl)}</code> · ready ${state.ready ? 'yes' : 'no'} ·
data <code>${escapeHtml(state.dataDir)}</code></p>
<h2>Services</h2>
${table(
  ['service', 'revision', 'pid', 'address', 'in flight', 'waiting', 'restarts', 'visibility'],
  state.services.map((each) => [
    each.name,
    each.revision ?? 'down',
    each.pid,
    each.address,
    each.active,
    each.waiting,
    each.restarts,
    each.clusterLocal ? 'cluster-local' : 'public',
  ]),
)}
<h2>Routes</h2>
${table(
  ['path', 'match', 'service'],
  state.routes.map((each) => [each.path, each.match, each.service]),
)}
<h2>Sources</h2>
${table(
  ['source', 'topic', 'partition', 'committed', 'end', 'lag'],
  state.sources.map((each) => [
    each.source,
    each.topic,
    each.partition,
    each.committed,
    each.next,
    each.lag,
  ]),
)}
<h2>Last errors</h2>
${table(
  ['at', 'from', 'message'],
  state.errors.map((each) => [each.at, each.from, each.message]),
)}
<h2>Deliveries</h2>
<form method="get">
<label>source <select name="source"><option value="">all</option>${state.sourceNames
    .map((name) => option(name, query['source']))
    .join('')}</select></label>
<label>status <select name="status"><option value="">all</option>${['2xx', '4xx', '5xx', 'failed']
    .map((status) => option(status, query['status']))
    .join('')}</select></label>
<button>filter</button></form>
${deliveryTable(deliveries)}
<script>${SCRIPT}</script>
</body></html>`;
}

function deliveryTable(deliveries: readonly Delivery[]): string {
  const head = ['at', 'source', 'record', 'event', 'attempt', 'target', 'status', 'ms', 'error'];
  const rows = deliveries.map((each) => {
    const cells = [
      each.at.slice(11, 23),
      each.source,
      `${each.topic}/${each.partition}@${each.offset}`,
      each.eventType,
      each.attempt,
      each.target,
      each.status ?? 'none',
      each.latencyMs,
      each.error,
    ];
    const failed = each.status === null || each.status >= 300;
    const button = `<button data-replay="${escapeHtml(each.id)}">replay</button>`;
    const open = failed ? '<tr class="failed">' : '<tr>';
    return `${open}${cells.map(cell).join('')}<td>${button}</td></tr>`;
  });
  return `<table>${headRow([...head, ''])}${rows.join('')}</table>`;
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '<p>none</p>';
  const lines = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<table>${headRow(head)}${lines.join('')}</table>`;
}

function headRow(names: readonly string[]): string {
  return `<tr>${names.map((name) => `<th>${name}</th>`).join('')}</tr>`;
}

type Cell = string | number | null;

function cell(value: Cell): string {
  return `<td>${value === null ? '' : escapeHtml(String(value))}</td>`;
}

function option(value: string, chosen: string | undefined): string {
  const selected = value === chosen ? ' selected' : '';
  return `<option${selected}>${escapeHtml(value)}</option>`;
}

const STYLE = `
body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color:#222}
table{border-collapse:collapse;margin:.3rem 0 1rem}
th,td{border:1px solid #ccc;padding:.15rem .5rem;text-align:left;vertical-align:top;max-width:40rem}
th{background:#f3f3f3}.failed td{background:#fff0f0}code{background:#f3f3f3}`;

const SCRIPT = `
document.addEventListener('click', async (event) => {
  const id = event.target.dataset && event.target.dataset.replay;
  if (!id) return;
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const answer = await fetch('/deliveries/' + id + '/replay', init);
  const body = await answer.json();
  event.target.textContent = answer.ok ? 'replayed: ' + (body.status || body.error) : body.detail;
});
for (const form of document.forms) form.addEventListener('submit', () => {
  for (const field of form.elements) if (field.value === '') field.disabled = true;
});`;
