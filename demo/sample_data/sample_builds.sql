-- The tables that edrone reads, and `users`, which the stand-in reads, as Drone 2.28.2 makes them in SQLite.
CREATE TABLE users (
 user_id            INTEGER PRIMARY KEY AUTOINCREMENT
,user_login         TEXT COLLATE NOCASE
,user_email         TEXT
,user_admin         BOOLEAN
,user_machine       BOOLEAN
,user_active        BOOLEAN
,user_avatar        TEXT
,user_syncing       BOOLEAN
,user_synced        INTEGER
,user_created       INTEGER
,user_updated       INTEGER
,user_last_login    INTEGER
,user_oauth_token   TEXT
,user_oauth_refresh TEXT
,user_oauth_expiry  INTEGER
,user_hash          TEXT
,UNIQUE(user_login COLLATE NOCASE)
,UNIQUE(user_hash)
);
CREATE TABLE repos (
 repo_id INTEGER PRIMARY KEY AUTOINCREMENT
,repo_uid TEXT
,repo_user_id INTEGER
,repo_namespace TEXT
,repo_name TEXT
,repo_slug TEXT
,repo_scm TEXT
,repo_clone_url TEXT
,repo_ssh_url TEXT
,repo_html_url TEXT
,repo_active BOOLEAN
,repo_private BOOLEAN
,repo_visibility TEXT
,repo_branch TEXT
,repo_counter INTEGER
,repo_config TEXT
,repo_timeout INTEGER
,repo_trusted BOOLEAN
,repo_protected BOOLEAN
,repo_synced INTEGER
,repo_created INTEGER
,repo_updated INTEGER
,repo_version INTEGER
,repo_signer TEXT
,repo_secret TEXT
, repo_no_forks BOOLEAN NOT NULL DEFAULT 0, repo_no_pulls BOOLEAN NOT NULL DEFAULT 0, repo_cancel_pulls BOOLEAN NOT NULL DEFAULT 0, repo_cancel_push BOOLEAN NOT NULL DEFAULT 0, repo_throttle INTEGER NOT NULL DEFAULT 0, repo_cancel_running BOOLEAN NOT NULL DEFAULT 0,UNIQUE(repo_slug)
,UNIQUE(repo_uid)
);
CREATE TABLE builds (
 build_id INTEGER PRIMARY KEY AUTOINCREMENT
,build_repo_id INTEGER
,build_trigger TEXT
,build_number INTEGER
,build_parent INTEGER
,build_status TEXT
,build_error TEXT
,build_event TEXT
,build_action TEXT
,build_link TEXT
,build_timestamp INTEGER
,build_title TEXT
,build_message TEXT
,build_before TEXT
,build_after TEXT
,build_ref TEXT
,build_source_repo TEXT
,build_source TEXT
,build_target TEXT
,build_author TEXT
,build_author_name TEXT
,build_author_email TEXT
,build_author_avatar TEXT
,build_sender TEXT
,build_deploy TEXT
,build_params TEXT
,build_started INTEGER
,build_finished INTEGER
,build_created INTEGER
,build_updated INTEGER
,build_version INTEGER
, build_debug BOOLEAN NOT NULL DEFAULT 0, build_cron TEXT NOT NULL DEFAULT '', build_deploy_id NUMBER NOT NULL DEFAULT 0,UNIQUE(build_repo_id, build_number)
);
CREATE INDEX ix_build_author ON builds (build_author);
CREATE INDEX ix_build_incomplete ON builds (build_status)
WHERE build_status IN ('pending', 'running');
CREATE INDEX ix_build_ref ON builds (build_repo_id, build_ref);
CREATE INDEX ix_build_repo ON builds (build_repo_id);
CREATE INDEX ix_build_sender ON builds (build_sender);
CREATE TABLE stages (
 stage_id INTEGER PRIMARY KEY AUTOINCREMENT
,stage_repo_id INTEGER
,stage_build_id INTEGER
,stage_number INTEGER
,stage_kind TEXT
,stage_type TEXT
,stage_name TEXT
,stage_status TEXT
,stage_error TEXT
,stage_errignore BOOLEAN
,stage_exit_code INTEGER
,stage_limit INTEGER
,stage_os TEXT
,stage_arch TEXT
,stage_variant TEXT
,stage_kernel TEXT
,stage_machine TEXT
,stage_started INTEGER
,stage_stopped INTEGER
,stage_created INTEGER
,stage_updated INTEGER
,stage_version INTEGER
,stage_on_success BOOLEAN
,stage_on_failure BOOLEAN
,stage_depends_on TEXT
,stage_labels TEXT
, stage_limit_repo INTEGER NOT NULL DEFAULT 0,UNIQUE(stage_build_id, stage_number)
,FOREIGN KEY(stage_build_id) REFERENCES builds(build_id) ON DELETE CASCADE
);
CREATE INDEX ix_stage_in_progress ON stages (stage_status)
WHERE stage_status IN ('pending', 'running');
CREATE INDEX ix_stages_build ON stages (stage_build_id);
CREATE TABLE steps (
 step_id INTEGER PRIMARY KEY AUTOINCREMENT
,step_stage_id INTEGER
,step_number INTEGER
,step_name TEXT
,step_status TEXT
,step_error TEXT
,step_errignore BOOLEAN
,step_exit_code INTEGER
,step_started INTEGER
,step_stopped INTEGER
,step_version INTEGER
, step_depends_on TEXT NOT NULL DEFAULT '', step_image TEXT NOT NULL DEFAULT '', step_detached BOOLEAN NOT NULL DEFAULT FALSE, step_schema TEXT NOT NULL DEFAULT '',UNIQUE(step_stage_id, step_number)
,FOREIGN KEY(step_stage_id) REFERENCES stages(stage_id) ON DELETE CASCADE
);
CREATE INDEX ix_steps_stage ON steps (step_stage_id);
CREATE TABLE logs (
 log_id INTEGER PRIMARY KEY
,log_data BLOB
,FOREIGN KEY(log_id) REFERENCES steps(step_id) ON DELETE CASCADE
);
CREATE TABLE cron (
 cron_id INTEGER PRIMARY KEY AUTOINCREMENT
,cron_repo_id INTEGER
,cron_name TEXT
,cron_expr TEXT
,cron_next INTEGER
,cron_prev INTEGER
,cron_event TEXT
,cron_branch TEXT
,cron_target TEXT
,cron_disabled BOOLEAN
,cron_created INTEGER
,cron_updated INTEGER
,cron_version INTEGER
,UNIQUE(cron_repo_id, cron_name)
,FOREIGN KEY(cron_repo_id) REFERENCES repos(repo_id) ON DELETE CASCADE
);
CREATE INDEX ix_cron_next ON cron (cron_next);
CREATE INDEX ix_cron_repo ON cron (cron_repo_id);
CREATE TABLE latest (
 latest_repo_id INTEGER
,latest_build_id INTEGER
,latest_type TEXT -- branch | tag | pull_request | promote
,latest_name TEXT -- master | v1.0.0, | 42 | production
,latest_created INTEGER
,latest_updated INTEGER
,latest_deleted INTEGER
,PRIMARY KEY(latest_repo_id, latest_type, latest_name)
);
CREATE INDEX ix_latest_repo ON latest (latest_repo_id);
