/**
 * The packet filter rules of a bridge: one nftables table of our own, and an exception in Docker's where Docker rules.
 *
 * @module
 */
import { PierError, hasCode } from '../base/errors.ts';
import { runNftables } from '../linux/index.ts';
import type { Logger } from '../base/logger.ts';

/** Which rules, for what. */
export interface BridgeRulesSpec {
  /** Name of the table, of family `ip`. */
  readonly tableName: string;
  readonly bridgeName: string;
  /** `172.17.0.0/16` */
  readonly subnet: string;
}

/**
 * Puts the rules in place, replacing what is there: traffic that leaves the subnet through another interface gets that
 * interface's address; containers may open connections to anywhere, and nobody may open one to them except from the bridge
 * and from this host.
 *
 * @throws {PierError} as {@linkcode runNftables}.
 */
export function installBridgeRules({ tableName, bridgeName, subnet }: BridgeRulesSpec, logger: Logger): void {
  runNftables(`
    add table ip ${tableName}
    delete table ip ${tableName}
    table ip ${tableName} {
      chain postrouting {
        type nat hook postrouting priority 100; policy accept;
        ip saddr ${subnet} oifname != "${bridgeName}" masquerade
      }
      chain forward {
        type filter hook forward priority 0; policy accept;
        iifname "${bridgeName}" accept
        oifname "${bridgeName}" ct state established,related accept
        oifname "${bridgeName}" drop
      }
    }`);
  try {
    openDockerFirewall(bridgeName, logger);
  } catch (error) {
    logger.warn('Cannot add a rule to the chain DOCKER-USER', { bridge: bridgeName, error });
  }
}

/** Takes the rules away; absence is success. @throws {PierError} as {@linkcode runNftables}. */
export function removeBridgeRules({ tableName, bridgeName }: Omit<BridgeRulesSpec, 'subnet'>, logger: Logger): void {
  runNftables(`add table ip ${tableName}\ndelete table ip ${tableName}`);
  try {
    closeDockerFirewall(bridgeName);
  } catch (error) {
    logger.warn('Cannot remove a rule from the chain DOCKER-USER', { bridge: bridgeName, error });
  }
}

/**
 * No accept of ours outranks the drop of another table's policy. Docker sets one and offers DOCKER-USER for exceptions.
 * The rules hold nothing but interface and verdict: iptables calls a table with anything it cannot read incompatible, and
 * dockerd would then be unable to work with it. What may come in is decided by our own table anyway.
 */
function openDockerFirewall(bridgeName: string, logger: Logger): void {
  if (!/policy drop/.test(listChain('FORWARD') ?? '')) return;
  const rules = listChain('DOCKER-USER');
  if (rules === undefined) {
    logger.warn(
      `Containers have no way out: the chain FORWARD of this host drops what no rule accepts; accept interface ${bridgeName} there`,
    );
    return;
  }
  if (handlesIn(rules, bridgeName).length > 0) return;
  runNftables(
    ['iifname', 'oifname'].map((match) => `insert rule ip filter DOCKER-USER ${match} "${bridgeName}" counter accept`).join('\n'),
  );
}

function closeDockerFirewall(bridgeName: string): void {
  const handles = handlesIn(listChain('DOCKER-USER') ?? '', bridgeName);
  if (handles.length > 0) runNftables(handles.map((handle) => `delete rule ip filter DOCKER-USER handle ${handle}`).join('\n'));
}

/** Handles of the rules that {@linkcode openDockerFirewall} makes. */
function handlesIn(chain: string, bridgeName: string): readonly string[] {
  return chain.split('\n').flatMap((line) => {
    const match = /^\s*[io]ifname "([^"]+)" counter packets \d+ bytes \d+ accept # handle (\d+)$/.exec(line);
    return match?.[1] === bridgeName && match[2] !== undefined ? [match[2]] : [];
  });
}

/** A chain of iptables' table as nft writes it; `undefined` if there is none. */
function listChain(name: string): string | undefined {
  try {
    return runNftables(`list chain ip filter ${name}`);
  } catch (error) {
    // The library gives no code for absence; any other trouble shows in the commands that follow.
    if (error instanceof PierError && hasCode(error, 'Internal')) return undefined;
    throw error;
  }
}
