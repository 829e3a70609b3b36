// What the API asks of the control plane, whatever carries the question: Connect RPC to another process, or the same
// code in this one. Names and meanings: the control-plane section of the analytics chapter.

/** On whose behalf a call is made. */
export interface ControlActor {
  readonly id: string;
  readonly name: string;
  readonly type: 'root_key' | 'user' | 'system' | 'unspecified';
  readonly remoteIp: string;
  readonly userAgent: string;
}

export interface GitCommit {
  readonly commitSha: string;
  readonly commitMessage: string;
  readonly authorHandle: string;
  readonly authorAvatarUrl: string;
  /** Unix milliseconds; 0 = unknown. */
  readonly timestamp: bigint;
  readonly branch: string;
  readonly forkRepository: string;
}

/** Nothing said of a commit. */
export const NO_COMMIT: GitCommit = {
  commitSha: '',
  commitMessage: '',
  authorHandle: '',
  authorAvatarUrl: '',
  timestamp: 0n,
  branch: '',
  forkRepository: '',
};

export type DeploymentTrigger = 'unspecified' | 'github' | 'api' | 'cli' | 'dashboard' | 'unkey';

export interface NewDeployment {
  readonly projectId: string;
  readonly appId: string;
  readonly environmentSlug: string;
  /** Empty = not given. */
  readonly dockerImage: string;
  readonly gitCommit: GitCommit | undefined;
  readonly keyspaceId: string | undefined;
  readonly command: readonly string[];
  readonly trigger: DeploymentTrigger;
  readonly triggerReason: string;
  readonly triggeredBy: string;
  /** undefined = the system itself; only the deprecated deploy.createDeployment asks so. */
  readonly actor: ControlActor | undefined;
}

export interface NewProject {
  readonly workspaceId: string;
  readonly name: string;
  readonly slug: string;
  readonly actor: ControlActor;
}

export interface NewApp extends NewProject {
  readonly projectId: string;
}

export interface NewCustomDomain {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly environmentId: string;
  readonly appId: string;
  readonly domain: string;
  readonly actor: ControlActor | undefined;
}

/** What its owner has to put into the DNS for a domain to be verified. */
export interface AddedCustomDomain {
  readonly domainId: string;
  /** Where a CNAME record of the domain is to lead. */
  readonly targetCname: string;
  readonly verificationToken: string;
  /** Where the owner can have the records made; undefined when nothing of the kind was found. */
  readonly domainConnect: { readonly provider: string; readonly url: string } | undefined;
}

/** A domain that the workspace has, by its name. */
export interface NamedCustomDomain {
  readonly workspaceId: string;
  /** Of the project that the domain is attached to. */
  readonly projectId: string;
  readonly domain: string;
  readonly actor: ControlActor | undefined;
}

/** Every call throws a ControlPlaneError when it is refused or cannot be made. */
export interface ControlPlane {
  createProject(request: NewProject): Promise<{ readonly id: string }>;
  createApp(request: NewApp): Promise<{ readonly id: string }>;
  createDeployment(request: NewDeployment): Promise<{ readonly deploymentId: string }>;
  addCustomDomain(request: NewCustomDomain): Promise<AddedCustomDomain>;
  deleteCustomDomain(request: NamedCustomDomain): Promise<void>;
  /** Has a domain that is not verified looked at anew. */
  retryVerification(request: NamedCustomDomain): Promise<void>;
  /** Resolves when the control plane answers. */
  ping(signal?: AbortSignal): Promise<void>;
}

/** The codes of Connect that the API tells apart; `unavailable` also stands for a server that was not reached. */
export type ControlCode =
  | 'not_found'
  | 'invalid_argument'
  | 'already_exists'
  | 'failed_precondition'
  | 'resource_exhausted'
  | 'unauthenticated'
  | 'unavailable'
  | 'internal';

export class ControlPlaneError extends Error {
  readonly code: ControlCode;

  constructor(code: ControlCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'ControlPlaneError';
    this.code = code;
  }
}
