alter role authenticator set safeupdate.enabled = 'on';
