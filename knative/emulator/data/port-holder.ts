// Who listens on a TCP port, so that "port in use" can name the process. Linux only, else null.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';

/** Pid and command of the process that listens on the port, or null when it cannot be told. */
export function findPortHolder(port: number): { pid: number; command: string } | null {
  const inodes = new Set([...inodesOf('/proc/net/tcp', port), ...inodesOf('/proc/net/tcp6', port)]);
  if (inodes.size === 0) return null;
  for (const pid of listDir('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    for (const fd of listDir(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[([0-9]+)\]$/.exec(readLink(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      const command = readText(`/proc/${pid}/cmdline`).split('\0').slice(0, 3).join(' ').trim();
      return { pid: Number(pid), command };
    }
  }
  return null;
}

function inodesOf(file: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return readText(file)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTENING && fields[1]?.endsWith(`:${hex}`) === true)
    .flatMap((fields) => fields[9] ?? []);
}

// Processes come and go while we look, and other users' are closed to us: what cannot be read is
// not the holder we can name.
function listDir(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
