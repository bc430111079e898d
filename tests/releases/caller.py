# SPDX-License-Identifier: Apache-2.0
"""Plays Keystone's middleware in a server's pipeline; it runs there, on Python 3.9 and later.

Headers of a request name the caller; a request without them is an administrator's.
"""

_ADMINISTRATOR = {
    "HTTP_X_USER_ID": "someone",
    "HTTP_X_PROJECT_ID": "ours",
    "HTTP_X_ROLES": "admin,member,reader",
    "HTTP_X_IDENTITY_STATUS": "Confirmed",
}


def factory(_global_conf, **_local_conf):
    """Return the filter, as Paste wants it."""

    def filtered(application):
        def call(environ, start_response):
            if "HTTP_X_USER_ID" not in environ:
                environ.update(_ADMINISTRATOR)
            return application(environ, start_response)

        return call

    return filtered
