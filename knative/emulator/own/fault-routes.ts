// Routes that break things on purpose: faults put in, sources stopped, killed, taken over.
import { isRejection, reject } from '../../../shared/domain/rejection.ts';
import {
  SOURCE_ACTIONS,
  type SourceAction,
  type SourceState,
} from '../eventing/emulated-source.ts';
import { faultSchema, whyNotPutIn, type FaultPlan, type FaultTargets } from '../service/faults.ts';
import type { OwnRequest, OwnRoute } from './answer.ts';
import { check } from './check.ts';

/** The part of the emulator that these routes work on. */
export interface Breakable {
  readonly faults: FaultPlan;
  faultTargets(): FaultTargets;
  sourceStates(): SourceState[];
  /** Null when no such source runs; false when it is stopped and cannot do that. */
  actOnSource(name: string, action: SourceAction): Promise<SourceState | false | null>;
}

type Answering = ReturnType<OwnRoute['handle']>;

export function faultRoutes(emulator: Breakable): OwnRoute[] {
  return [
    { method: 'POST', path: '/faults', handle: (request) => addFault(emulator, request) },
    {
      method: 'GET',
      path: '/faults',
      handle: () => Promise.resolve({ status: 200, json: { items: emulator.faults.list() } }),
    },
    {
      method: 'DELETE',
      path: '/faults',
      handle: () => {
        emulator.faults.clear();
        return Promise.resolve({ status: 204 });
      },
    },
    {
      method: 'DELETE',
      path: '/faults/{id}',
      handle: ({ params }) => removeFault(emulator, params['id'] ?? ''),
    },
    {
      method: 'GET',
      path: '/sources',
      handle: () => Promise.resolve({ status: 200, json: { items: emulator.sourceStates() } }),
    },
    {
      method: 'POST',
      path: '/sources/{name}/{action}',
      handle: ({ params }) => act(emulator, params['name'] ?? '', params['action'] ?? ''),
    },
  ];
}

function addFault(emulator: Breakable, request: OwnRequest): Answering {
  const fault = check(faultSchema, request.body, 'BODY_INVALID');
  if (isRejection(fault)) return Promise.resolve(fault);
  const why = whyNotPutIn(fault, emulator.faultTargets());
  if (why !== null) return Promise.resolve(reject('BODY_INVALID', why));
  const added = emulator.faults.add(fault);
  if (added === null) return Promise.resolve(reject('SERVICE_BUSY', 'too many faults are in'));
  return Promise.resolve({ status: 201, json: added });
}

function removeFault(emulator: Breakable, id: string): Answering {
  const removed = emulator.faults.remove(id);
  return Promise.resolve(
    removed ? { status: 204 } : reject('ROUTE_NOT_FOUND', `no fault ${id}, or it is used up`),
  );
}

async function act(emulator: Breakable, name: string, word: string): Answering {
  const action = SOURCE_ACTIONS.find((each) => each === word);
  if (action === undefined) {
    return reject('ROUTE_NOT_FOUND', `no action ${word}: one of ${SOURCE_ACTIONS.join(', ')}`);
  }
  const state = await emulator.actOnSource(name, action);
  if (state === null) {
    const names = emulator.sourceStates().map((each) => each.name);
    return reject('ROUTE_NOT_FOUND', `no source ${name}: one of ${names.join(', ')}`);
  }
  if (state === false) return reject('SERVICE_UNAVAILABLE', `${name} is stopped: resume it first`);
  return { status: 200, json: state };
}
