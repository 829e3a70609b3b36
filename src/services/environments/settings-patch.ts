// What updateSettings changes, in three groups that are stored apart.

export interface HealthcheckSetting {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
  readonly initialDelaySeconds: number;
}

/** What is undefined stays; null clears. As below. */
export interface BuildPatch {
  readonly dockerfile?: string | null | undefined;
  readonly rootDirectory?: string | undefined;
  readonly buildCommand?: string | null | undefined;
  readonly watchPaths?: readonly string[] | undefined;
  readonly autoDeploy?: boolean | undefined;
}

export interface RuntimePatch {
  readonly port?: number | undefined;
  /** 1 is one whole processor. */
  readonly vCpus?: number | undefined;
  readonly memoryMib?: number | undefined;
  readonly storageMib?: number | undefined;
  readonly command?: readonly string[] | undefined;
  /** Always replaced as a whole. */
  readonly healthcheck?: HealthcheckSetting | null | undefined;
  readonly shutdownSignal?: string | undefined;
  readonly upstreamProtocol?: string | undefined;
  readonly openapiSpecPath?: string | null | undefined;
}

export interface RegionSetting {
  readonly name: string;
  readonly replicas: { readonly min: number; readonly max: number };
}

export interface SettingsPatch {
  readonly build: BuildPatch;
  readonly runtime: RuntimePatch;
  /** undefined = they stay; else never empty. */
  readonly regions: readonly RegionSetting[] | undefined;
}

/** Whether a group of settings changes something. */
export function isGiven(group: BuildPatch | RuntimePatch): boolean {
  return Object.values(group).some((value) => value !== undefined);
}
